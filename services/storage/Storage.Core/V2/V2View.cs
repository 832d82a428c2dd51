using Storage.Core.History;
using Storage.Core.Ordered;

namespace Storage.Core.V2;

/// <summary>The v2 tree at one moment, for any thread.</summary>
/// <param name="Nodes">By depth and path, see <see cref="V2Path"/>.</param>
/// <param name="Recent">Recent events by index.</param>
/// <param name="Index">Index of the newest event.</param>
/// <param name="InitialIndex">Index that the store began from: no event has it or one below it.</param>
/// <param name="FirstEvent">Oldest index that history can be asked from: 1 until an event was dropped.</param>
/// <param name="NextExpiryUnixNanos">Earliest deadline of a node; null when none has one.</param>
public sealed record V2View(
    CowMapView<V2Node> Nodes, NumberedLogView<V2Event> Recent, long Index, long InitialIndex, long FirstEvent, long? NextExpiryUnixNanos);
