using Consensus.Core.Wal;

namespace Bench.Wal;

/// <summary>Counts what a log writes and syncs, and passes everything on.</summary>
internal sealed class CountingDisk(ILogDisk disk) : ILogDisk
{
    private long _bytes;
    private long _syncs;

    /// <summary>Bytes written into segments so far; the zeros of a segment that is being prepared are not among them.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Groups made durable so far.</summary>
    public long Syncs => Volatile.Read(ref _syncs);

    public string Location => disk.Location;

    public IReadOnlyList<string> List() => disk.List();

    public ILogFile Open(string name) => new CountingFile(this, disk.Open(name));

    public void Rename(string name, string newName) => disk.Rename(name, newName);

    public void Delete(string name) => disk.Delete(name);

    public void SyncNames() => disk.SyncNames();

    public void PrepareSpare(long bytes) => disk.PrepareSpare(bytes);

    public ILogFile TakeSpare(long bytes) => new CountingFile(this, disk.TakeSpare(bytes));

    public void DiscardSpare() => disk.DiscardSpare();

    private sealed class CountingFile(CountingDisk counts, ILogFile file) : ILogFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            file.Write(bytes, offset);
            Interlocked.Add(ref counts._bytes, bytes.Length);
        }

        public void Sync()
        {
            file.Sync();
            Interlocked.Increment(ref counts._syncs);
        }

        public void Dispose() => file.Dispose();
    }
}
