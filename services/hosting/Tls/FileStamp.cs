namespace Hosting.Tls;

/// <summary>Tells whether a file is still the one that was read.</summary>
/// <param name="ModifiedAt">As the file system says; not of a file that is not there.</param>
/// <param name="Bytes">Length; -1 of a file that is not there.</param>
internal readonly record struct FileStamp(DateTime ModifiedAt, long Bytes)
{
    public static FileStamp Of(string path)
    {
        try
        {
            // A link's target, not the link: secrets that an orchestrator mounts are changed by turning a link.
            var file = new FileInfo(path);
            var target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            return new(target.LastWriteTimeUtc, target.Length);
        }
        catch (IOException)
        {
            return new(default, -1);
        }
    }
}
