using Consensus.Core.Wal;

namespace Simulation.Disk;

/// <summary>A file that one process opened.</summary>
internal sealed class SimulatedHandle(SimulatedLogDisk disk, SimulatedFile file) : ILogFile
{
    private readonly int _generation = disk.Generation;
    private bool _isClosed;

    public long Length => file.Length;

    public int Read(Span<byte> buffer, long offset)
    {
        // Not counted as an operation: a crash in it differs in nothing from one before the next change.
        ObjectDisposedException.ThrowIf(_isClosed || _generation != disk.Generation, this);
        return file.Read(buffer, offset);
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        Enter();
        file.Write(bytes, offset);
    }

    public void Sync()
    {
        try
        {
            Enter();
        }
        catch (IOException)
        {
            file.FailSync();
            throw;
        }
        if (!disk.SyncsAreLies)
            file.Sync();
    }

    public void Dispose() => _isClosed = true;

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_isClosed || _generation != disk.Generation, this);
        disk.Enter(isChange: true);
    }
}
