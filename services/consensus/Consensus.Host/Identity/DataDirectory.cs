using Consensus.Core.Wal;
using Consensus.Host.Wal;

namespace Consensus.Host.Identity;

/// <summary>A data directory, held against other processes as long as this object lives.</summary>
public sealed class DataDirectory : IDisposable
{
    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    public string Path { get; }

    /// <summary>Where the log lies in it.</summary>
    public string WalPath => WalPathOf(Path);

    /// <summary>True when a member's log lies in a folder.</summary>
    public static bool HasLog(string path) => Directory.Exists(WalPathOf(path)) && WriteAheadLog.Exists(new FileLogDisk(WalPathOf(path)));

    /// <exception cref="DataDirectoryException">Another process holds it, or it cannot be made.</exception>
    public static DataDirectory Open(string path)
    {
        try
        {
            DurableDirectory.Create(System.IO.Path.GetFullPath(path));
            var file = new FileStream(
                System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new DataDirectory(path, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException($"data directory {path} cannot be used, or another process uses it: {e.Message}", e);
        }
    }

    private static string WalPathOf(string path) => System.IO.Path.Combine(path, "wal");

    public void Dispose() => _lock.Dispose();
}
