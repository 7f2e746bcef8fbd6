import Testing

@testable import Files

@Suite struct GitLFSPointerTests {
    private let text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"

    @Test func isKnownByItsFirstLine() {
        #expect(GitLFSPointer(Array(text.utf8))?.byteCount == 12345)
        #expect(GitLFSPointer(Array(text.utf8))?.fault.contains("12345 bytes; run 'git lfs pull'") == true)
        #expect(GitLFSPointer(Array("version 1".utf8)) == nil)
        #expect(GitLFSPointer([]) == nil)
        // A file of text that begins with a pointer is none.
        #expect(GitLFSPointer(Array((text + String(repeating: "x", count: 1000)).utf8)) == nil)
    }
}
