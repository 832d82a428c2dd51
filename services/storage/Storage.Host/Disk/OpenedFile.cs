using Storage.Core.Tree;

namespace Storage.Host.Disk;

/// <summary>A mapped data file with its readers. Unmapped when the last of them has left.</summary>
internal sealed class OpenedFile(MmapPageDevice device, SlotSnapshotRegistry readers) : IAsyncDisposable
{
    /// <summary>Opens a file of a directory, or makes it.</summary>
    public static StorageData Open(string directory, string name)
    {
        var device = MmapPageDevice.Open(Path.Combine(directory, name));
        try
        {
            var readers = new SlotSnapshotRegistry();
            return new StorageData(CopyOnWriteTree.Open(device, readers), device, new OpenedFile(device, readers))
            {
                CreateIncoming = () => new IncomingFile(directory),
                CountReaders = readers.Count,
                NoteSuspicion = what => DamagedFile.NoteSuspicion(directory, what),
                KeptDamagedFile = File.Exists(DamagedFile.KeptPath(directory)) ? DamagedFile.KeptPath(directory) : null,
            };
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await readers.CloseAsync().ConfigureAwait(false);
        device.Dispose();
    }
}
