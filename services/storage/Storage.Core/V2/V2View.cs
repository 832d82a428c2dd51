using Storage.Core.History;
using Storage.Core.Ordered;

namespace Storage.Core.V2;

/// <summary>The v2 tree at one moment, for any thread.</summary>
/// <param name="Nodes">By depth and path, see <see cref="V2Path"/>.</param>
/// <param name="Recent">Recent events by index.</param>
/// <param name="Index">Index of the newest event.</param>
/// <param name="FirstEvent">Index of the oldest event held in the store.</param>
/// <param name="NextExpiryUnixNanos">Earliest deadline of a node; null when none has one.</param>
public sealed record V2View(
    CowMapView<V2Node> Nodes, NumberedLogView<V2Event> Recent, long Index, long FirstEvent, long? NextExpiryUnixNanos);
