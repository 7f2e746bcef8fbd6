import SeededRandom
import Testing

@testable import TransparencyServer

@Suite struct MultipartFormTests {
    private func form(_ text: String, boundary: String = "b") throws -> [MultipartForm.Part] {
        try MultipartForm(Array(text.utf8), boundary: boundary).parts
    }

    @Test func partsAreReadAsCurlAndBrowsersWriteThem() throws {
        let parts = try form(
            "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a \\\"b\\\".jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\u{1}\r\n--\r\n--b\r\n"
                + "content-disposition: form-data; name=threshold\r\n\r\n0.5\r\n--b--\r\n")
        #expect(parts.map(\.name) == ["image", "threshold"])
        #expect(parts.map(\.fileName) == ["a \"b\".jpg", nil])
        #expect(parts.map(\.text) == ["\u{1}\r\n--", "0.5"])
    }

    @Test func emptyPartsPreamblesAndPaddingAreTaken() throws {
        let parts = try form(
            "a preamble\r\n--b  \r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n--b--epilogue")
        #expect(parts.count == 1 && parts[0].content.isEmpty)
        #expect(try form("--b--").isEmpty)
    }

    @Test(arguments: [
        "", "--c\r\n", "--b", "--b\r\n", "--bx\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=x\r\n\r\nopen",
        "--b\r\n\r\nno name\r\n--b--", "--b\r\nContent-Disposition: attachment; name=x\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=x; name=y\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"x\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=x\r\nContent-Disposition: form-data; name=y\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--",
        "--b\r\nno colon\r\n\r\n\r\n--b--",
    ])
    func badFormsAreRefused(text: String) { #expect(throws: MultipartForm.Fault.self) { try form(text) } }

    @Test func partsAndHeadersAreBounded() {
        let part = "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n"
        #expect(throws: MultipartForm.Fault.self) { try form(String(repeating: part, count: 33) + "--b--") }
        #expect(throws: MultipartForm.Fault.self) {
            try form(
                "--b\r\nX: \(String(repeating: "x", count: 9000))\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--b--"
            )
        }
    }

    @Test func theBoundaryIsTheContentTypes() throws {
        #expect(try MultipartForm.boundary(ofContentType: "image/png") == nil)
        #expect(try MultipartForm.boundary(ofContentType: "") == nil)
        #expect(try MultipartForm.boundary(ofContentType: "Multipart/Form-Data; charset=x; BOUNDARY=\"a b\"") == "a b")
        for bad in [
            "", "boundary=", "boundary=\(String(repeating: "x", count: 71))", "boundary=\"a\u{1}\"", "boundary=\"a \"",
        ] {
            #expect(throws: MultipartForm.Fault.self) {
                try MultipartForm.boundary(ofContentType: "multipart/form-data; \(bad)")
            }
        }
    }

    /// What is written is what is read, whatever the bytes; and what is changed at random is read or refused, never a crash.
    @Test func randomFormsAreReadOrRefused() throws {
        var random = SplitMix64(seed: 11)
        func number(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
        let bits = Array("\r\n--b\r\n\r\n: ;=\"\\namefilenameContent-Disposition: form-data".utf8)
        for _ in 0..<300 {
            var bytes: [UInt8] = []
            var contents: [[UInt8]] = []
            for index in 0..<number(5) {
                // Bytes that look like boundaries without being one.
                let content = (0..<number(60)).map { _ in number(3) == 0 ? UInt8(number(256)) : bits[number(9)] }
                guard !String(decoding: [13, 10] + content, as: UTF8.self).contains("\r\n--b") else { continue }
                contents.append(content)
                bytes +=
                    Array("--b\r\nContent-Disposition: form-data; name=\"p\(index)\"\r\n\r\n".utf8) + content + [
                        13, 10,
                    ]
            }
            bytes += Array("--b--\r\n".utf8)
            #expect(try MultipartForm(bytes, boundary: "b").parts.map { Array($0.content) } == contents)
            for _ in 0..<20 {
                var changed = bytes
                for _ in 0...number(4) {
                    guard !changed.isEmpty else { break }
                    switch number(3) {
                    case 0: changed[number(changed.count)] = bits[number(bits.count)]
                    case 1: changed.remove(at: number(changed.count))
                    default: changed.insert(bits[number(bits.count)], at: number(changed.count))
                    }
                }
                if let parts = try? MultipartForm(changed, boundary: "b").parts {
                    #expect(parts.count <= MultipartForm.partLimit)
                }
            }
        }
    }
}
