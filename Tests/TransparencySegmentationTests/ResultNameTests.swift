import Files
import Testing

@testable import TransparencySegmentation

@Suite struct ResultNameTests {
    @Test func endingsFitInTheRoomThatNamesLeave() {
        for kind in ResultKind.allCases { #expect("_\(kind.rawValue).png".utf8.count <= FileName.room) }
    }

    @Test func longNamesStayApart() {
        let long = String(repeating: "x", count: 250)
        let stems = ResultWriter.stems(["\(long)a.jpg", "\(long)b.jpg", "short.jpg", "\(long)a.png"])
        #expect(Set(stems).count == 4 && stems[2] == "short")
        #expect(stems.allSatisfy { $0.utf8.count <= 255 - FileName.room })
    }

    @Test func namesDoNotCollide() {
        #expect(ResultWriter.stems(["a.jpg", "b.png"]) == ["a", "b"])
        #expect(ResultWriter.stems(["a.jpg", "a.png", "a.png"]) == ["a.jpg", "a.png", "a.png_2"])
    }
}
