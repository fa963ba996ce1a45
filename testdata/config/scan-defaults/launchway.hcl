scan {}
