import SeededRandom
import Testing

@testable import SyntheticScenes
@testable import TransparencyData

/// What glass does to a plain pattern, without all else.
@Suite struct SyntheticOpticsTests {
    private func section(innerRadius: Float, innerIndex: Float = 1) -> OpticalSection {
        OpticalSection(
            innerRadius: innerRadius, innerIndex: innerIndex, glassIndex: 1.5, glass: [0.5, 0.1, 0.1], filling: .zero)
    }

    @Test func aMassiveSectionBendsAsSnellSays() {
        // At half the radius: 2 (asin 0.5 - asin(0.5 / 1.5)) = 0.3675.
        #expect(abs(section(innerRadius: 0).at(0.5).bend - 0.38498) < 1e-3)
        #expect(abs(section(innerRadius: 0).at(0).bend) < 1e-3)
    }

    @Test func aThinWallBendsLittleAndTheOtherWay() {
        let bend = section(innerRadius: 0.95).at(0.5).bend
        #expect(bend < 0 && bend > -0.1)
    }

    @Test func waterTurnsAVesselIntoALens() {
        #expect(section(innerRadius: 0.95, innerIndex: 1.33).at(0.5).bend > 0.2)
    }

    @Test func theRimAbsorbsAndReflectsMost() {
        let hollow = section(innerRadius: 0.9)
        #expect(hollow.at(0.9).transmission.x < hollow.at(0.1).transmission.x)
        #expect(hollow.at(1).reflection > 0.5 && hollow.at(0).reflection < 0.1)
        #expect(hollow.at(0.5).transmission.x < hollow.at(0.5).transmission.y, "red is absorbed most")
    }

    /// A massive ball far before its background shows it upside down: left becomes right.
    @Test func aBallTurnsTheBackgroundAround() throws {
        var random = KeyedRandom(keys: 1)
        let lighting = SceneLighting(&random)
        let glass = GlassMaterial(&random, clarity: 0, isMassive: true)
        let ball = Vessel(
            shape: VesselShape(.sphere, flattening: 0, stretch: 1), foot: [0.5, 0.9], height: 0.8, lean: [1, 0],
            material: .glass(glass), lighting: lighting, depth: 3, isStanding: false)
        var canvas = SceneCanvas(size: 64)
        canvas.update(around: [0.5, 0.5], reach: 1) { point, color, _ in
            color = point.x < 0.5 ? SceneColor(1, 1, 1) : .zero
        }
        ball.draw(on: &canvas)
        let row = 32 * 64
        #expect(canvas.colors[row + 38].y > canvas.colors[row + 25].y + 0.3)
        #expect(canvas.colors[row + 2] == SceneColor(1, 1, 1))
        #expect(canvas.classes[row + 32] == 1 && canvas.classes[row + 2] == 0)
    }
}
