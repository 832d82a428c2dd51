using Consensus.Core.Wal;

namespace Consensus.Host.Wal;

/// <summary>A directory of real files.</summary>
public sealed class FileLogDisk : ILogDisk
{
    private static readonly byte[] Zeros = new byte[1024 * 1024];

    private readonly string _sparePath;
    private readonly WalMetrics? _metrics;
    private readonly bool _syncs;

    // The spare that is being made on another thread, or that was made and is not taken yet.
    private (Task Making, long Bytes)? _spare;

    /// <summary>Creates the directory when it does not exist.</summary>
    /// <param name="directory">Where the files are.</param>
    /// <param name="syncs">Files are made durable when that is asked for; otherwise the system does it when it likes.</param>
    /// <param name="metrics">Hears of each write and sync; null is nobody.</param>
    public FileLogDisk(string directory, bool syncs = true, WalMetrics? metrics = null)
    {
        (_syncs, _metrics) = (syncs, metrics);
        Location = Path.GetFullPath(directory);
        _sparePath = PathOf(ILogDisk.SpareName);
        DurableDirectory.Create(Location);
    }

    public string Location { get; }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(Location).Select(path => Path.GetFileName(path))];

    public ILogFile Open(string name) => new LogFile(PathOf(name), _syncs, _metrics);

    public void Rename(string name, string newName) => File.Move(PathOf(name), PathOf(newName), overwrite: false);

    public void Delete(string name) => File.Delete(PathOf(name));

    public void SyncNames() => Native.DirectorySync(Location);

    // On a thread of its own: it blocks on the disk, and the pool's threads have requests to serve.
    public void PrepareSpare(long bytes) => _spare ??= (
        Task.Factory.StartNew(() => Preallocate(bytes), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default), bytes);

    public ILogFile TakeSpare(long bytes)
    {
        var spare = _spare;
        _spare = null;
        // The task tells of a full disk by its exception.
        spare?.Making.GetAwaiter().GetResult();
        if (spare is null || spare.Value.Bytes < bytes)
        {
            File.Delete(_sparePath);
            Preallocate(bytes);
        }
        return Open(ILogDisk.SpareName);
    }

    public void DiscardSpare()
    {
        // One that could not be made was reported when it was needed, if ever; here only its end matters.
        _spare?.Making.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
        _spare = null;
        File.Delete(_sparePath);
    }

    /// <summary>
    /// Creates a file of zeros whose blocks are all written, so that later writes need no metadata and fdatasync suffices.
    /// </summary>
    private void Preallocate(long bytes)
    {
        try
        {
            // Reserving first fails at once when there is no space. Reserved blocks alone would not do: the first write to each
            // still changes metadata.
            using var file = File.OpenHandle(
                _sparePath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, preallocationSize: bytes);
            for (long at = 0; at < bytes; at += Zeros.Length)
                RandomAccess.Write(file, Zeros.AsSpan(0, (int)Math.Min(Zeros.Length, bytes - at)), at);
            RandomAccess.FlushToDisk(file);
        }
        catch
        {
            File.Delete(_sparePath);
            throw;
        }
    }

    private string PathOf(string name) => Path.Combine(Location, name);
}
