import Files
import Foundation
import Images

extension PictureSource {
    /// What folders hold besides pictures of formats that are read, a phrase such as "2 .gif, 1 without suffix, 1 folder"; nil for nothing.
    package static func leftOut(of paths: [String]) -> String? {
        var counts: [String: Int] = [:]
        var folderCount = 0
        for folder in paths where folder != "-" && isFolder(folder) {
            // That a folder cannot be read is told where its pictures are looked for.
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where !name.hasPrefix(".")
            {
                if isFolder("\(folder)/\(name)") {
                    folderCount += 1
                } else if !ImageReader.isSupported(fileName: name) {
                    let suffix = (name as NSString).pathExtension.lowercased()
                    counts[suffix.isEmpty ? "without suffix" : ".\(suffix)", default: 0] += 1
                }
            }
        }
        let files = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        let all = files + (folderCount > 0 ? ["\(folderCount) \(folderCount == 1 ? "folder" : "folders")"] : [])
        return all.isEmpty ? nil : all.joined(separator: ", ")
    }
}
