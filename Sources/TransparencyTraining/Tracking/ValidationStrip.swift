import Foundation
import Images

/// A picture of a validation beside its true mask and what the model made of it.
struct ValidationStrip {
    let name: String
    let image: Image

    /// Trackers are for a look; all pictures in full size are in the run's folder.
    private static let countLimit = 32
    private static let side = 256

    /// The first ones by name of what a validation left in a folder, without those that cannot be read.
    static func all(in folder: String?) -> [ValidationStrip] {
        guard let folder, let names = FileManager.default.enumerator(atPath: folder) else { return [] }
        let suffix = "_pred.png"
        let stems = names.compactMap { $0 as? String }.filter { $0.hasSuffix(suffix) }
            .map { String($0.dropLast(suffix.count)) }.sorted()
        return stems.prefix(countLimit).compactMap { stem in
            let parts = ["img.jpg", "maskgt.png", "pred.png"].compactMap {
                try? ImageReader().read(contentsOf: "\(folder)/\(stem)_\($0)").thumbnail(side: side)
            }
            return row(parts).map { ValidationStrip(name: (stem as NSString).lastPathComponent, image: $0) }
        }
    }

    /// Pictures of one height beside each other.
    private static func row(_ pictures: [Image]) -> Image? {
        guard let height = pictures.first?.height,
            pictures.allSatisfy({ $0.height == height && $0.channels == 3 })
        else { return nil }
        var pixels: [UInt8] = []
        for y in 0..<height {
            for picture in pictures {
                let length = picture.width * picture.channels
                pixels += picture.pixels[y * length..<(y + 1) * length]
            }
        }
        return try? Image(
            width: pictures.map(\.width).reduce(0, +), height: height, channels: 3, pixels: pixels)
    }
}
