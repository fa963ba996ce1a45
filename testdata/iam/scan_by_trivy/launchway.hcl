scan { scanner = "trivy" }
