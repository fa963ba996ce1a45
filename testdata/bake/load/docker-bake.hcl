target "none" {}
target "image" { output = ["type=image,name=x"] }
target "docker" { output = ["type=docker"] }
target "local" { output = ["out"] }
target "registry" { output = ["type=registry"] }
group "default" { targets = ["none", "image", "docker", "local", "registry"] }
