import Foundation

/// Folders that take another's place by renaming.
enum FolderReplacement {
    /// What a folder on its way out is called.
    static let trashMark = ".trash-"

    /// Moves a folder to `target`. What was there is removed when its successor is in place, and put back when that cannot be.
    ///
    /// Throws ``TrainingError/unwritable(_:reason:)``.
    static func move(_ folder: String, to target: String) throws {
        let trash = trash(for: target)
        let hadOld = rename(target, trash) == 0
        guard rename(folder, target) == 0 else {
            let reason = String(cString: strerror(errno))
            if hadOld { _ = rename(trash, target) }
            throw TrainingError.unwritable(target, reason: reason)
        }
        flush((target as NSString).deletingLastPathComponent)
        // What cannot be removed only takes space; the next run tries again.
        if hadOld { try? FileManager.default.removeItem(atPath: trash) }
    }

    /// Removes a folder, first from sight. Throws ``TrainingError/unwritable(_:reason:)``.
    static func remove(_ folder: String) throws {
        let trash = trash(for: folder)
        guard rename(folder, trash) == 0 else {
            throw TrainingError.unwritable(folder, reason: String(cString: strerror(errno)))
        }
        try? FileManager.default.removeItem(atPath: trash)
    }

    private static func trash(for folder: String) -> String {
        let parent = (folder as NSString).deletingLastPathComponent
        return "\(parent)/.\((folder as NSString).lastPathComponent)\(trashMark)\(getpid())"
    }

    private static func flush(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
