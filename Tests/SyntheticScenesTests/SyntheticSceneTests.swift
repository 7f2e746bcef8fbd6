import Images
import SegmentationMetrics
import Testing

@testable import SyntheticScenes
@testable import TransparencyData

@Suite struct SyntheticSceneTests {
    private func scene(
        _ index: Int, seed: UInt64 = 3, split: Split = .test, size: Int = 32
    ) -> SyntheticScene {
        SyntheticScene(seed: seed, split: split, index: index, size: size)
    }

    private func glassShare(_ mask: Image) -> Double {
        Double(mask.pixels.count { $0 != 0 }) / Double(mask.pixels.count)
    }

    @Test(arguments: [16, 48, 128])
    func aSceneHasTheStatedForm(size: Int) throws {
        let (picture, mask) = try SyntheticScene(seed: 1, split: .train, index: 7, size: size).draw()
        #expect([picture.width, picture.height, picture.channels] == [size, size, 3])
        #expect([mask.width, mask.height, mask.channels] == [size, size, 1])
        #expect(mask.pixels.allSatisfy { $0 <= 2 })
    }

    @Test func aSceneIsAFunctionOfItsValues() throws {
        let first = try scene(4).draw()
        let again = try scene(4).draw()
        #expect(first.picture == again.picture && first.mask == again.mask)
        for other in [scene(5), scene(4, seed: 4), scene(4, split: .validation), scene(4, split: .train)] {
            #expect(try other.draw().picture != first.picture)
        }
    }

    @Test func noSideIsAnError() {
        #expect(throws: ImageError.self) { try scene(0, size: 0).draw() }
        #expect(throws: ImageError.self) { try scene(0, size: -16).draw() }
    }

    /// The mask does not depend on the size but at its edges.
    @Test func sizesShowTheSameScene() throws {
        for index in 0..<8 {
            let small = try scene(index, size: 64).draw().mask
            let large = try scene(index, size: 128).draw().mask
            let different = small.pixels.indices.count { pixel in
                let (y, x) = pixel.quotientAndRemainder(dividingBy: 64)
                return small.pixels[pixel] != large.pixels[y * 2 * 128 + x * 2]
            }
            #expect(different < 340, "scene \(index): \(different) of 4096 pixels")
        }
    }

    @Test func classesAreBalanced() throws {
        let masks = try (0..<300).map { try scene($0).draw().mask }
        let shares = [1, 2].map { (value: UInt8) in
            mean(masks.map { mask in Double(mask.pixels.count { $0 == value }) / Double(mask.pixels.count) })
        }
        #expect((0.06...0.2).contains(shares[0]), "things \(shares[0])")
        #expect((0.04...0.2).contains(shares[1]), "stuff \(shares[1])")
        let emptyCount = masks.count { glassShare($0) == 0 }
        #expect((12...48).contains(emptyCount), "\(emptyCount) of 300 without glass")
    }

    /// Hard scenes have less glass, which changes the picture less.
    @Test func hardScenesAreHarder() throws {
        var shares: [Difficulty: [Double]] = [:]
        var changes: [Difficulty: [Double]] = [:]
        for index in 0..<200 {
            let scene = scene(index)
            let (picture, mask) = try scene.draw()
            guard glassShare(mask) > 0 else { continue }
            let bare = try scene.draw(withGlass: false).picture
            shares[scene.difficulty, default: []].append(glassShare(mask))
            changes[scene.difficulty, default: []].append(meanChange(picture, bare, where: mask) { $0 != 0 })
        }
        for measure in [shares, changes] {
            let easy = try #require(measure[.easy])
            let hard = try #require(measure[.hard])
            #expect(easy.count > 3 * hard.count)
            #expect(mean(hard) < 0.8 * mean(easy))
        }
    }

    /// The same scene without its glass differs under the mask, not elsewhere but for shadows and edges.
    @Test func glassChangesWhatIsSeenThroughIt() throws {
        for index in 0..<60 {
            let scene = scene(index, size: 64)
            let (picture, mask) = try scene.draw()
            guard glassShare(mask) > 0.02 else { continue }
            let bare = try scene.draw(withGlass: false)
            #expect(bare.mask.pixels.allSatisfy { $0 == 0 })
            let inside = meanChange(picture, bare.picture, where: mask) { $0 != 0 }
            let outside = meanChange(picture, bare.picture, where: mask) { $0 == 0 }
            #expect(inside > 1.5, "scene \(index)")
            #expect(inside > 2 * outside, "scene \(index): \(inside) inside, \(outside) outside")
        }
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    /// Mean difference of samples, 0…255, over the pixels whose class `isWanted`; 0 where there are none.
    private func meanChange(_ one: Image, _ other: Image, where mask: Image, _ isWanted: (UInt8) -> Bool) -> Double {
        let wanted = mask.pixels.indices.filter { isWanted(mask.pixels[$0]) }
        let sum = wanted.reduce(0) { sum, pixel in
            sum + (0..<3).reduce(0) { $0 + abs(Int(one.pixels[pixel * 3 + $1]) - Int(other.pixels[pixel * 3 + $1])) }
        }
        return wanted.isEmpty ? 0 : Double(sum) / Double(3 * wanted.count)
    }
}
