import Foundation

/// Puts `data` at `path` in one step: a temporary file in the same folder, synchronised to disk, then renamed.
///
/// A symbolic link is followed, so that its target is replaced and the link stays.
///
/// - Throws: `ImageError.unwritable`; the temporary file is removed and the old file untouched.
func replaceFile(at path: String, with data: [UInt8]) throws {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    var status = stat()
    if stat(target.path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
        // Renaming would put a plain file in the place of, say, /dev/null.
        let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or pipe"
        throw ImageError.unwritable(path: path, reason: "it is \(kind)")
    }
    let folder = target.deletingLastPathComponent()
    // Not named after the target, whose name may have the greatest length already.
    let temporary = folder.appendingPathComponent(".\(UUID().uuidString).tmp").path
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw ImageError.unwritable(path: path, reason: systemText(errno)) }
    var failure = writeAll(data, to: descriptor)
    if failure == nil, fsync(descriptor) != 0 { failure = errno }
    if close(descriptor) != 0, failure == nil { failure = errno }
    if failure == nil, rename(temporary, target.path) != 0 { failure = errno }
    if let failure {
        unlink(temporary)
        throw ImageError.unwritable(path: path, reason: systemText(failure))
    }
    synchroniseFolder(folder.path)
}

/// Writes every byte; the `errno` of a failure, or nil.
private func writeAll(_ data: [UInt8], to descriptor: Int32) -> Int32? {
    data.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

/// Makes a rename last through a loss of power. Failure is passed over: the file is whole and in place, and some file
/// systems do not synchronise folders.
private func synchroniseFolder(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
}
