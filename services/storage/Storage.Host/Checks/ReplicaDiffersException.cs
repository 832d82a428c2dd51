#pragma warning disable CA1032 // One constructor: thrown in one place with one message.
namespace Storage.Host.Checks;

/// <summary>This replica holds something else than another at the same revision: it must not serve.</summary>
public sealed class ReplicaDiffersException(ulong member) : Exception($"{member:x} found data inconsistency with peers");
