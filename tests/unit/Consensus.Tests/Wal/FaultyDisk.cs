using Consensus.Core.Wal;
using Consensus.Host.Wal;

namespace Consensus.Tests.Wal;

/// <summary>Real files that fail when told to.</summary>
internal sealed class FaultyDisk(string directory) : ILogDisk
{
    private readonly FileLogDisk _inner = new(directory);

    public volatile bool FailSync;
    public volatile bool FailSpare;

    /// <summary>How long the device takes over each sync, on top.</summary>
    public TimeSpan SyncTime { get; set; }

    public string Location => _inner.Location;

    public IReadOnlyList<string> List() => _inner.List();

    public ILogFile Open(string name) => new FaultyFile(this, _inner.Open(name));

    public void Rename(string name, string newName) => _inner.Rename(name, newName);

    public void Delete(string name) => _inner.Delete(name);

    public void SyncNames() => _inner.SyncNames();

    public void PrepareSpare(long bytes)
    {
        if (!FailSpare)
            _inner.PrepareSpare(bytes);
    }

    public ILogFile TakeSpare(long bytes) =>
        FailSpare ? throw new IOException("injected: no space left on device") : new FaultyFile(this, _inner.TakeSpare(bytes));

    public void DiscardSpare() => _inner.DiscardSpare();

    private sealed class FaultyFile(FaultyDisk disk, ILogFile inner) : ILogFile
    {
        public long Length => inner.Length;

        public int Read(Span<byte> buffer, long offset) => inner.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => inner.Write(bytes, offset);

        public void Sync()
        {
            if (disk.FailSync)
                throw new IOException("injected: input/output error");
            if (disk.SyncTime > TimeSpan.Zero)
                Thread.Sleep(disk.SyncTime);
            inner.Sync();
        }

        public void Dispose() => inner.Dispose();
    }
}
