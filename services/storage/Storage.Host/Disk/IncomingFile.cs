namespace Storage.Host.Disk;

/// <summary>
/// A data file under another name. Renaming it is atomic, and the open file, its map and its lock stay as they are: a crash leaves either the old file
/// under the name (and this one to be removed at the next start) or this one.
/// </summary>
internal sealed class IncomingFile : IIncomingData
{
    private const string Suffix = ".incoming";

    private readonly string _directory;
    private bool _isInPlace;

    public IncomingFile(string directory)
    {
        _directory = directory;
        // An earlier try may have been given up without a chance to clean up.
        File.Delete(PathIn(directory));
        Data = OpenedFile.Open(directory, StorageData.FileName + Suffix);
    }

    public StorageData Data { get; }

    public static string PathIn(string directory) => Path.Combine(directory, StorageData.FileName + Suffix);

    public void PutInPlace()
    {
        File.Move(PathIn(_directory), Path.Combine(_directory, StorageData.FileName), overwrite: true);
        _isInPlace = true;
        MmapPageDevice.SyncDirectory(_directory);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isInPlace)
            return;
        await Data.Owned!.DisposeAsync().ConfigureAwait(false);
        File.Delete(PathIn(_directory));
    }
}
