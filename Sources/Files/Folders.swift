import Foundation

/// Whether there is a folder at a path.
package func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
}

/// A path without its last part, as `NSString` has it, which traps on a path of one character: `a` of `a/b` and `a/b/`, `/` of `/a`, nothing of `a`.
/// Parts are told by bytes, for a name may begin with a mark that Swift takes together with the slash.
package func parentFolder(of path: String) -> String {
    let slash = UInt8(ascii: "/")
    var bytes = Array(path.utf8)[...]
    func dropSlashes() { while bytes.count > 1, bytes.last == slash { bytes.removeLast() } }
    dropSlashes()
    guard let end = bytes.lastIndex(of: slash) else { return "" }
    bytes = bytes[...end]
    dropSlashes()
    return String(decoding: bytes, as: UTF8.self)
}

/// A path that means the same from every working folder, links as they are.
package func absolutePath(_ path: String) -> String {
    var absolute = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    while absolute.count > 1, absolute.hasSuffix("/") { absolute.removeLast() }
    return absolute
}

/// Where a path leads when all links are followed; nil where there is nothing.
package func realPath(_ path: String) -> String? {
    guard let real = realpath(path.isEmpty ? "." : path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
}

/// Makes a folder and those above it, where there are none. Throws ``FileError`` with the system's reason, which Foundation does not tell.
package func makeFolder(_ path: String) throws {
    try FileError.requireName(path)
    guard !isFolder(path) else { return }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if parent != path { try makeFolder(parent) }
    // Another process may have made it meanwhile.
    guard mkdir(path, 0o777) == 0 || (errno == EEXIST && isFolder(path)) else {
        throw FileError(path: path, reason: errno == EEXIST ? "\(path) is a file" : String(cString: strerror(errno)))
    }
}

/// Makes what was renamed, made or removed in a folder durable. Some file systems cannot flush a folder, so that a failure is no error.
func flushFolder(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
}

/// Bytes that are free on the file system of a path, or of its nearest folder that is there; nil where nobody knows.
package func freeBytes(at path: String) -> Int? {
    var folder = path
    while !FileManager.default.fileExists(atPath: folder), folder.count > 1 {
        folder = parentFolder(of: folder)
    }
    let facts = try? FileManager.default.attributesOfFileSystem(forPath: folder.isEmpty ? "." : folder)
    return (facts?[.systemFreeSize] as? NSNumber)?.intValue
}
