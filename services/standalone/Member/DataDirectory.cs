namespace Standalone.Member;

/// <summary>The member's folder: its owner's alone, and not one that etcd itself wrote.</summary>
internal static class DataDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <exception cref="StartRefusedException">It cannot be used.</exception>
    public static void Prepare(string path)
    {
        if (Directory.Exists(Path.Combine(path, "member")))
            throw StartRefusedException.Environment(
                $"data directory {path} was written by etcd, whose files this program does not read: choose another --data-dir");
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, OwnerOnly);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StartRefusedException.Environment($"cannot access data directory: {error.Message}");
        }
    }
}
