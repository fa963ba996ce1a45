release {}
