import Files
import Foundation
public import StableDiffusion3
import TransparencySegmentation

extension ModelFolder {
    /// Tells apart what a folder held at two times, without reading the weights: a SHA-256 over its weight and configuration files'
    /// paths, sizes and times of change. 64 hexadecimal digits.
    public func fingerprint() -> String {
        let hash = SHA256()
        for part in ["transformer", "vae"] {
            let folder = "\(path)/\(part)"
            for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() {
                let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
                let changed = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
                let line = "\(part)/\(name)\t\(attributes?[.size] as? Int ?? 0)\t\(changed)\n"
                Array(line.utf8).withUnsafeBytes { hash.update($0) }
            }
        }
        return hash.finish()
    }
}
