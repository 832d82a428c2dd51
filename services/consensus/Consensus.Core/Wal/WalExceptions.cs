#pragma warning disable CA1032 // One constructor each: these are thrown with one message.
namespace Consensus.Core.Wal;

/// <summary>The log holds something that was not written so (I11). A person has to look; nothing was changed.</summary>
public sealed class WalCorruptedException(string file, long offset, string what)
    : IOException($"write-ahead log {file} is damaged at offset {offset}: {what}")
{
    public string File { get; } = file;
    public long Offset { get; } = offset;
}

/// <summary>A write or sync failed. What the disk holds is unknown, so this process must not go on (never retried).</summary>
public sealed class WalFailedException(string file, Exception inner)
    : IOException($"writing the write-ahead log {file} failed: {inner.Message}", inner);

/// <summary>No room for another segment. Nothing was written; everything acknowledged is whole.</summary>
public sealed class WalFullException(string location, Exception inner)
    : IOException($"no room for a write-ahead log segment in {location}: {inner.Message}", inner);
