import Testing

@testable import Reports

@Suite struct ProgressLineTests {
    private let note = "loss 0.1234, lr 1.00e-04, grad norm 12.3456"

    @Test(arguments: [200, 120, 80, 60, 40, 30, 20, 10, 5, 1])
    func neverFillsTheRow(columns: Int) {
        for done in [0, 7, 99999, 100_000] {
            let bar = ProgressLine(done: done, total: 100_000, elapsed: 123_456, note: note).bar(columns: columns)
            #expect(bar.count < columns)
            #expect(columns < 20 || bar.contains("\(done)/100000"))
        }
    }

    @Test func saysWhatItKnows() {
        let line = ProgressLine(done: 3, total: 10, elapsed: 6, note: "IoU 0.5")
        #expect(line.text == "3/10 [0:06<0:14, 2.00 s each] IoU 0.5")
        #expect(line.bar(columns: 40) == "30% |███·······| 3/10 [0:06<0:14]")
        // Before the first is done nothing is known but that time goes by.
        #expect(ProgressLine(done: 0, total: 10, elapsed: 65).bar(columns: 40) == "0% |··········| 0/10 [1:05<?]")
    }
}

@Suite struct TerminalTextTests {
    @Test func escapesWhatMovesACursorOrTurnsText() {
        #expect(TerminalText.escaped("plain, 杯, é, 👩\u{200D}🔬") == "plain, 杯, é, 👩\u{200D}🔬")
        #expect(TerminalText.escaped("a\u{1B}[2J\r\u{7F}\u{9B}\t\n") == #"a\u001b[2J\u000d\u007f\u009b\t\n"#)
        #expect(TerminalText.escaped("a\u{202E}b\u{2066}c\u{2028}\u{E0041}") == #"a\u202eb\u2066c\u2028\udb40\udc41"#)
        #expect(TerminalText.escaped("one\ntwo\u{07}", keepsLines: true) == "one\ntwo\\u0007")
    }
}
