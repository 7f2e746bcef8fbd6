/// How a picture must be turned to be upright; the raw value is that of EXIF's orientation tag.
///
/// Names say where the first row and the first column of the stored picture are in the upright one (EXIF 2.32, 4.6.4).
public enum Orientation: Int, Sendable, CaseIterable, Codable {
    case topLeft = 1
    case topRight, bottomRight, bottomLeft, leftTop, rightTop, rightBottom, leftBottom

    /// Whether width and height change places.
    public var isTransposing: Bool { rawValue > 4 }

    /// Turns by 0 to 3 quarters of a circle, clockwise.
    public static let quarterTurns: [Orientation] = [.topLeft, .rightTop, .bottomRight, .leftBottom]
}

extension Image {
    /// The picture that is upright if this one is stored in `orientation`.
    public func turned(from orientation: Orientation) -> Image {
        guard orientation != .topLeft else { return self }
        // Where in this picture the sample of the new one's (0, 0) is, and how far one step right and down lead.
        let (origin, right, down): ((x: Int, y: Int), (x: Int, y: Int), (x: Int, y: Int)) =
            switch orientation {
            case .topLeft: ((0, 0), (1, 0), (0, 1))
            case .topRight: ((width - 1, 0), (-1, 0), (0, 1))
            case .bottomRight: ((width - 1, height - 1), (-1, 0), (0, -1))
            case .bottomLeft: ((0, height - 1), (1, 0), (0, -1))
            case .leftTop: ((0, 0), (0, 1), (1, 0))
            case .rightTop: ((0, height - 1), (0, -1), (1, 0))
            case .rightBottom: ((width - 1, height - 1), (0, -1), (-1, 0))
            case .leftBottom: ((width - 1, 0), (0, 1), (-1, 0))
            }
        let (newWidth, newHeight) = orientation.isTransposing ? (height, width) : (width, height)
        let start = (origin.y * width + origin.x) * channels
        let (stepRight, stepDown) = ((right.y * width + right.x) * channels, (down.y * width + down.x) * channels)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { source in
                var position = 0
                for y in 0..<newHeight {
                    var from = start + y * stepDown
                    for _ in 0..<newWidth {
                        for channel in 0..<channels { target[position + channel] = source[from + channel] }
                        position += channels
                        from += stepRight
                    }
                }
            }
            count = pixels.count
        }
        return Image(uncheckedWidth: newWidth, height: newHeight, channels: channels, pixels: turned)
    }
}
