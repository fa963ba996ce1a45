echo "counting the stock"
