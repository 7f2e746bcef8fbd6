/// Letters of 5 by 7 pixels for the captions of sheets: machines that draw pictures need not have fonts.
enum PixelLetters {
    /// Columns of the printable ASCII characters from the space on, two hexadecimal digits each, the lowest bit on top.
    private static let columns = """
        0000000000 00005F0000 0007000700 147F147F14 242A7F2A12 2313086462 3649562050 0000070000
        001C224100 0041221C00 2A1C7F1C2A 08083E0808 0040300000 0808080808 0060600000 2010080402
        3E5149453E 00427F4000 4261514946 2141454B31 1814127F10 2745454539 3C4A494930 0171090503
        3649494936 064949291E 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906
        3249794136 7E1111117E 7F49494936 3E41414122 7F4141221C 7F49494941 7F09090901 3E4149497A
        7F0808087F 00417F4100 2040413F01 7F08142241 7F40404040 7F020C027F 7F0408107F 3E4141413E
        7F09090906 3E4151215E 7F09192946 4649494931 01017F0101 3F4040403F 1F2040201F 3F4038403F
        6314081463 0708700807 6151494543 007F414100 0204081020 0041417F00 0402010204 4040404040
        0001020400 2054545478 7F48444438 3844444420 384444487F 3854545418 087E090102 0C5252523E
        7F08040478 00447D4000 2040443D00 7F10284400 00417F4000 7C04180478 7C08040478 3844444438
        7C14141408 081414187C 7C08040408 4854545420 043F444020 3C4040207C 1C2040201C 3C4030403C
        4428102844 0C5050503C 4464544C44 0008364100 00007F0000 0041360800 0804081008
        """
    private static let letters: [[UInt8]] = columns.split { $0 == " " || $0 == "\n" }.map { letter in
        let digits = Array(letter)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16) ?? 0 }
    }

    /// How wide and high text is when each pixel of a letter is `scale` pixels.
    static func size(of text: String, scale: Int) -> (width: Int, height: Int) { (6 * scale * text.count, 8 * scale) }

    /// Calls `put` with each pixel of the text that is drawn; other characters than ASCII's are question marks.
    static func draw(_ text: String, scale: Int, put: (_ x: Int, _ y: Int) -> Void) {
        for (place, character) in text.enumerated() {
            let code = character.asciiValue.map { Int($0) - 32 } ?? -1
            let letter = letters.indices.contains(code) ? letters[code] : letters[31]
            for (column, bits) in letter.enumerated() {
                for row in 0..<7 where bits >> row & 1 == 1 {
                    for y in 0..<scale {
                        for x in 0..<scale { put((6 * place + column) * scale + x, row * scale + y) }
                    }
                }
            }
        }
    }
}
