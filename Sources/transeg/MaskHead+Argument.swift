public import ArgumentParser
public import StableDiffusion3

extension MaskHead: ExpressibleByArgument {}
