using Storage.Core.Tree;
using Storage.Host.Disk;

namespace Storage.Host;

/// <summary>An opened data file: the tree, the device that its commits are written to, and what to dispose at the end.</summary>
public sealed record StorageData(ITree Tree, IPageDevice Device, IDisposable? Owned)
{
    /// <summary>Name of the data file in its directory.</summary>
    public const string FileName = "data.tree";

    /// <summary>Opens the data file of a directory; makes both when they are not there.</summary>
    public static StorageData Open(string directory)
    {
        Directory.CreateDirectory(directory);
        var device = MmapPageDevice.Open(Path.Combine(directory, FileName));
        try
        {
            return new StorageData(CopyOnWriteTree.Open(device, new SlotSnapshotRegistry()), device, device);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }
}
