"""What a page of a convolution layer has beside its text: the picture and the explorer."""


def layer_block(symbol):
    return []
