namespace Consensus.Host.Wal;

internal static class DurableDirectory
{
    /// <summary>Creates a directory and those above it that are missing, so that a loss of power does not take them away with all they hold.</summary>
    public static void Create(string path)
    {
        if (Directory.Exists(path))
            return;
        var parent = Path.GetDirectoryName(path);
        if (parent is not null)
            Create(parent);
        Directory.CreateDirectory(path);
        if (parent is not null)
            Native.DirectorySync(parent);
    }
}
