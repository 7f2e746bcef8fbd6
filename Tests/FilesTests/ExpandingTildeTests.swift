import Testing

@testable import Files

@Suite struct ExpandingTildeTests {
    @Test(arguments: [
        ("~", "/home/me"), ("~/masks", "/home/me/masks"), ("./~", "./~"), ("~masks", "~masks"), ("a/~", "a/~"),
        ("", ""),
    ])
    func isTheHomeFolderAtTheBeginning(path: String, expected: String) {
        #expect(expandingTilde(path, environment: ["HOME": "/home/me"]) == expected)
    }

    @Test func hasAHomeWithoutTheVariable() {
        #expect(expandingTilde("~/a", environment: [:]).hasPrefix("/"))
    }
}
