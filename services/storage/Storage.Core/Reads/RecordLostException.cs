namespace Storage.Core.Reads;

#pragma warning disable CA1032 // Thrown in a few places with one message.
/// <summary>The key index names a record that is neither in memory nor in the store, and no compaction explains it (I11).</summary>
public sealed class RecordLostException(string reading) : Exception($"a record that the key index names is not in the store ({reading})");
