extension Image {
    /// The colors of background, things and stuff, by class: black, red, white (Trans10K).
    package static let classColors: [[UInt8]] = [[0, 0, 0], [255, 0, 0], [255, 255, 255]]

    /// Classes as a picture in their colors, RGB.
    ///
    /// - Parameter classes: One channel: 0 background, 1 things, 2 stuff.
    package init(classes: Image) throws {
        try self.init(
            width: classes.width, height: classes.height, channels: 3,
            pixels: classes.pixels.flatMap { Self.classColors[Int(min($0, 2))] })
    }
}
