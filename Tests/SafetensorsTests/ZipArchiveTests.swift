import Testing

@testable import Safetensors

@Suite struct ZipArchiveTests {
    private func archive(_ bytes: [UInt8], _ folder: TestFolder) throws -> ZipArchive {
        try ZipArchive(MappedFile(path: folder.write(bytes, to: "a.zip")))
    }

    private func message(_ bytes: [UInt8], reading name: String = "a") throws -> String {
        let folder = try TestFolder()
        return safetensorsError { _ = try archive(bytes, folder).contents(of: name) }?.description
            ?? "nothing was thrown"
    }

    @Test func checksumIsTheOneOfZlib() {
        func checksum(_ text: String, after previous: UInt32 = 0) -> UInt32 {
            Array(text.utf8).withUnsafeBytes { CRC32.checksum(of: $0, after: previous) }
        }
        #expect(checksum("123456789") == 0xCBF4_3926)
        #expect(checksum("9", after: checksum("12345678")) == 0xCBF4_3926)
        #expect(checksum("") == 0)
    }

    @Test(arguments: [false, true]) func readsEntries(isWide: Bool) throws {
        let folder = try TestFolder()
        let zip = TestZip(entries: [("a", [1, 2]), ("é/b", []), ("c", [3])], isWide: isWide)
        let archive = try archive(zip.bytes, folder)
        #expect(Set(archive.names) == ["a", "é/b", "c"])
        #expect(try archive.contents(of: "a") == [1, 2])
        #expect(try archive.contents(of: "é/b") == [])
        #expect(try archive.contents(of: "d") == nil)
    }

    @Test func readsAnArchiveWithAComment() throws {
        let folder = try TestFolder()
        var bytes = TestZip(entries: [("a", [1])]).bytes
        bytes.replaceSubrange((bytes.count - 2)..., with: [3, 0] + Array("abc".utf8))
        #expect(try archive(bytes, folder).contents(of: "a") == [1])
    }

    @Test func refusesDamage() throws {
        let good = TestZip(entries: [("a", [1, 2, 3])]).bytes
        let directory = 30 + 1 + 3
        func changed(_ position: Int, to byte: UInt8) -> [UInt8] {
            var bytes = good
            bytes[position] = byte
            return bytes
        }
        #expect(try message(good) == "nothing was thrown")
        #expect(try message(changed(31, to: 9)).contains("fails its CRC-32"))
        #expect(try message(changed(30, to: 0x62)).contains("another name"))
        #expect(try message(changed(0, to: 0)).contains("no local header"))
        #expect(try message(changed(28, to: 9)).contains("reaches beyond"))
        #expect(try message(changed(directory, to: 0)).contains("fewer entries"))
        #expect(try message(changed(directory + 8, to: 1)).contains("encrypted"))
        #expect(try message(changed(directory + 10, to: 8)).contains("compressed"))
        #expect(try message(changed(directory + 24, to: 4)).contains("wrong size"))
        #expect(try message(changed(directory + 42, to: 200)).contains("wrong size or offset"))
        #expect(try message(changed(good.count - 6, to: 255)).contains("outside the file"))
        #expect(try message(changed(good.count - 12, to: 0)).contains("wrong size"))
        #expect(try message(Array(good.dropLast())).contains("not a zip file"))
        #expect(try message([]).contains("not a zip file"))
    }

    @Test func refusesTwoEntriesOfOneName() throws {
        #expect(try message(TestZip(entries: [("a", [1]), ("a", [2])]).bytes).contains(#""a" comes twice"#))
    }

    @Test func refusesContradictingEndRecords() throws {
        var bytes = TestZip(entries: [("a", [1])], isWide: true).bytes
        bytes[bytes.count - 12] = 2
        bytes[bytes.count - 11] = 0
        #expect(try message(bytes).contains("contradict"))
    }
}
