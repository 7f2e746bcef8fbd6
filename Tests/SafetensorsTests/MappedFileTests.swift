import Foundation
import Testing

@testable import Safetensors

@Suite struct MappedFileTests {
    @Test func evictKeepsContents() throws {
        let folder = try TestFolder()
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let mapping = try MappedFile(path: folder.write(bytes))
        #expect(try mapping.bytes(at: 0, count: bytes.count) == bytes)
        for (offset, count) in [
            (0, bytes.count), (5000, 20_000), (-10, 50), (99_999, 1000), (0, Int.max), (Int.max, 1),
        ] {
            mapping.evict(byteOffset: offset, byteCount: count)
            #expect(try mapping.bytes(at: 0, count: bytes.count) == bytes)
        }
    }

    #if os(Linux)
    @Test func evictFreesResidentMemory() throws {
        let folder = try TestFolder()
        let count = 32 << 20
        let mapping = try MappedFile(path: folder.write([UInt8](repeating: 7, count: count)))
        func residentKiB() -> Int {
            // /proc/self/statm would count other tests' memory as well; smaps has one record per mapping.
            // `String(contentsOfFile:)` stops after the first 4 KB of such a file, whose size reads as 0.
            let handle = FileHandle(forReadingAtPath: "/proc/self/smaps")
            let text = String(decoding: (try? handle?.readToEnd()) ?? Data(), as: UTF8.self)
            let start = String(UInt(bitPattern: mapping.baseAddress), radix: 16)
            let record = text.components(separatedBy: "\n\(start)-").last ?? ""
            let line = record.split(separator: "\n").first { $0.hasPrefix("Rss:") } ?? ""
            return line.split(separator: " ").compactMap { Int($0) }.first ?? -1
        }
        let sum = try mapping.withUnsafeBytes(byteOffset: 0, byteCount: count) { bytes in
            stride(from: 0, to: count, by: 4096).reduce(0) { $0 + Int(bytes[$1]) }
        }
        #expect(sum == 7 * count / 4096)
        #expect(residentKiB() >= 32 << 10)
        mapping.evict(byteOffset: 0, byteCount: count)
        #expect(residentKiB() == 0)
    }
    #endif

    @Test func writingInPlaceDoesNotChangeTheFile() throws {
        let folder = try TestFolder()
        let path = try folder.write([1, 2, 3])
        let mapping = try MappedFile(path: path)
        mapping.baseAddress.storeBytes(of: 9, as: UInt8.self)
        #expect(try mapping.bytes(at: 0, count: 3) == [9, 2, 3])
        #expect(try contents(of: path) == [1, 2, 3])
    }

    @Test func noticesThatTheFileHasChanged() throws {
        let folder = try TestFolder()
        let path = try folder.write([1, 2, 3])
        let mapping = try MappedFile(path: path)
        try mapping.requireUnchanged()
        #expect(truncate(path, 2) == 0)
        #expect(throws: SafetensorsError.changed(path: path)) { try mapping.requireUnchanged() }
        let again = try MappedFile(path: path)
        #expect(utimes(path, nil) == 0)
        #expect(throws: SafetensorsError.changed(path: path)) { try again.requireUnchanged() }
        // As cp -p and rsync do: other bytes in place, as many, and the time of modification set back.
        let copied = try MappedFile(path: path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.write(contentsOf: [9])
        try handle.close()
        #expect(utimensat(AT_FDCWD, path, [status.st_atim, status.st_mtim], 0) == 0)
        #expect(throws: SafetensorsError.changed(path: path)) { try copied.requireUnchanged() }
        // Another mode is no other content; what has no name any more, nor can be opened, is as it was.
        let last = try MappedFile(path: path)
        #expect(chmod(path, 0o600) == 0)
        try last.requireUnchanged()
        #expect(unlink(path) == 0)
        try last.requireUnchanged()
    }

    @Test func manyFilesCanBeMapped() throws {
        let folder = try TestFolder()
        let path = try folder.write([7])
        // More than the handler's table has places.
        let mappings = try (0..<140).map { _ in try MappedFile(path: path) }
        #expect(try mappings.allSatisfy { try $0.bytes(at: 0, count: 1) == [7] })
    }

    @Test func handlesAnEmptyFile() throws {
        let folder = try TestFolder()
        let mapping = try MappedFile(path: folder.write([]))
        #expect(mapping.count == 0)
        #expect(try mapping.bytes(at: 0, count: 0) == [])
        mapping.evict(byteOffset: 0, byteCount: 1)
        #expect(throws: SafetensorsError.self) { try mapping.bytes(at: 0, count: 1) }
    }

    @Test(arguments: [(0, 4), (4, 0), (-1, 1), (0, -1), (3, 1), (Int.max, 1), (1, Int.max), (.min, .min)])
    func refusesRangesOutside(offset: Int, count: Int) throws {
        let folder = try TestFolder()
        let mapping = try MappedFile(path: folder.write([1, 2, 3]))
        #expect(
            throws: SafetensorsError.outOfBounds(
                path: mapping.path, byteOffset: offset, byteCount: count, fileByteCount: 3),
            performing: { try mapping.bytes(at: offset, count: count) })
    }

    @Test func refusesWhatIsNoFile() throws {
        let folder = try TestFolder()
        #expect(throws: SafetensorsError.notARegularFile(path: folder.path)) { try MappedFile(path: folder.path) }
        let missing = folder.file("missing")
        #expect(throws: SafetensorsError.fileAccess(path: missing, operation: "open", code: ENOENT)) {
            try MappedFile(path: missing)
        }
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: SafetensorsError.notARegularFile(path: pipe)) { try MappedFile(path: pipe) }
    }
}
