import Images
import SeededRandom
import TransparencyData

/// A photograph in ever smaller copies, each half as long as the one before, so that it can be seen at any size without aliasing.
struct Photograph: Sendable {
    private let copies: [Image]

    /// Sides of what is kept of a larger photograph, and of the smallest copy.
    private static let (longest, shortest) = (1024, 16)

    init(_ image: Image) throws {
        var copies = [try image.thumbnail(side: Self.longest)]
        while let last = copies.last, min(last.width, last.height) >= 2 * Self.shortest {
            copies.append(try last.thumbnail(side: max(last.width, last.height) / 2))
        }
        self.copies = copies
    }

    var size: ScenePoint { ScenePoint(Float(copies[0].width), Float(copies[0].height)) }

    /// The color at a place in the largest copy's pixels, mirrored beyond the edges; `footprint` of its pixels are one pixel of the scene.
    func color(at point: ScenePoint, footprint: Float) -> SceneColor {
        var (level, scale) = (0, Float(1))
        while footprint * scale > 1.5, level + 1 < copies.count { (level, scale) = (level + 1, scale / 2) }
        let copy = copies[level]
        let place = point / size * ScenePoint(Float(copy.width), Float(copy.height)) - 0.5
        let corner = place.rounded(.down)
        let share = place - corner
        let (x, y) = (Int(corner.x), Int(corner.y))
        let (left, right) = (Self.mirrored(x, copy.width), Self.mirrored(x + 1, copy.width))
        let (top, bottom) = (Self.mirrored(y, copy.height), Self.mirrored(y + 1, copy.height))
        let color = { (x: Int, y: Int) -> SceneColor in
            let start = (y * copy.width + x) * 3
            return SceneColor(Float(copy.pixels[start]), Float(copy.pixels[start + 1]), Float(copy.pixels[start + 2]))
        }
        return mix(
            mix(color(left, top), color(right, top), share.x), mix(color(left, bottom), color(right, bottom), share.x),
            share.y) / 255
    }

    private static func mirrored(_ index: Int, _ count: Int) -> Int {
        let wrapped = abs(index < 0 ? index + 1 : index) % (2 * count)
        return wrapped < count ? wrapped : 2 * count - 1 - wrapped
    }
}

/// A square part of a photograph, which goes on beyond its edges.
struct PhotographCrop: Sendable {
    private let photograph: Photograph
    private let corner: ScenePoint
    /// In the photograph's pixels.
    private let side: Float
    private let isMirrored: Bool
    /// Below 1 small detail is left in, as it is where a large photograph is made small without antialiasing.
    private let smoothness: Float

    /// Any part of any of the photographs; `share` is of the shorter side.
    init(_ random: inout KeyedRandom, of photographs: Photographs, share: ClosedRange<Float>) {
        photograph = photographs.all[random.count(0...photographs.all.count - 1)]
        let size = photograph.size
        side = min(size.x, size.y) * random.uniform(share)
        corner = (size - side) * random.point(0...1)
        isMirrored = random.chance(0.5)
        smoothness = random.pick(1, 0.5, 0.25)
    }

    /// The color at a place, 0…1 over the part; `pixel` is the side of the scene's pixels.
    func color(at point: ScenePoint, pixel: Float) -> SceneColor {
        let place = isMirrored ? ScenePoint(1 - point.x, point.y) : point
        return photograph.color(at: corner + place * side, footprint: side * pixel * smoothness)
    }
}
