public import Images

/// A picture's mask under the picture's name: what annotation files are made of, and what is made of them.
public struct AnnotatedPicture: Sendable, Equatable {
    /// The picture's file name, or its path in its folder.
    public let name: String
    /// One channel of the picture's size: 0 for background, else the place of the class in the list of classes, from 1 on.
    public let mask: Image

    public init(name: String, mask: Image) { (self.name, self.mask) = (name, mask) }

    /// The name without its suffix.
    package var stem: String {
        let end = name.lastIndex(of: ".") ?? name.endIndex
        let slash = name.lastIndex(of: "/")
        return slash.map { end < $0 } == true ? name : String(name[..<end])
    }
}

/// A mask that regions are painted into, later ones over earlier ones.
struct MaskCanvas {
    let width: Int, height: Int
    private(set) var pixels: [UInt8]

    /// Throws ``AnnotationError`` for sides that no picture has.
    init(width: Int, height: Int, of name: String) throws {
        let limit = 1 << 16
        guard (1...limit).contains(width), (1...limit).contains(height) else {
            throw AnnotationError("\(name) is \(width) × \(height) pixels; sides of 1 to \(limit) were expected")
        }
        (self.width, self.height) = (width, height)
        pixels = [UInt8](repeating: 0, count: width * height)
    }

    mutating func paint(_ place: Int, _ label: UInt8) { pixels[place] = label }

    func picture(named name: String) throws -> AnnotatedPicture {
        AnnotatedPicture(name: name, mask: try Image(width: width, height: height, channels: 1, pixels: pixels))
    }
}
