import Files
import Testing

@testable import TransparencySegmentation

@Suite struct ResultNameTests {
    @Test func endingsFitInTheRoomThatNamesLeave() {
        for kind in ResultKind.allCases { #expect("_\(kind.rawValue).png".utf8.count <= FileName.room) }
    }

    @Test func longNamesStayApart() throws {
        let long = String(repeating: "x", count: 250)
        let stems = try ResultWriter.stems(["\(long)a.jpg", "\(long)b.jpg", "short.jpg"])
        #expect(Set(stems).count == 3 && stems[2] == "short")
        #expect(stems.allSatisfy { $0.utf8.count <= 255 - FileName.room })
    }

    @Test func aNameDependsOnItsPictureAlone() throws {
        #expect(try ResultWriter.stems(["a.jpg", "in/b.png", "stdin"]) == ["a", "b", "stdin"])
        let error = #expect(throws: SegmentationError.self) { try ResultWriter.stems(["b.png", "in/a.jpg", "a.png"]) }
        #expect(error?.description.hasPrefix("in/a.jpg and a.png would both have the results a_") == true)
    }
}
