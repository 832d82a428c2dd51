using Consensus.Core.Wal;
using Hosting.Files;
using Microsoft.Win32.SafeHandles;

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

    // The space of deleted files being given back on another thread, one after the other.
    private Task _freeing = Task.CompletedTask;

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

    /// <summary>The name goes at once, the space behind the caller's back: it takes a while, and a file that somebody has open keeps its space until it is closed.</summary>
    public void Delete(string name)
    {
        var file = TryOpen(PathOf(name));
        File.Delete(PathOf(name));
        if (file is not null)
            _freeing = _freeing.ContinueWith(_ => Free(file), CancellationToken.None, TaskContinuationOptions.LongRunning, TaskScheduler.Default);
    }

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
        // A disk that is nearly full may need what was deleted.
        _freeing.Wait();
        try
        {
            // Reserving first fails at once when there is no space. Reserved blocks alone would not do: the first write to each
            // still changes metadata.
            using var file = File.OpenHandle(
                _sparePath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, preallocationSize: bytes);
            var writer = new WriteOut(file);
            for (long at = 0; at < bytes; at += Zeros.Length)
                writer.Write(Zeros.AsSpan(0, (int)Math.Min(Zeros.Length, bytes - at)), at);
            RandomAccess.FlushToDisk(file);
        }
        catch
        {
            File.Delete(_sparePath);
            throw;
        }
    }

    // A process that has no descriptor left must still get rid of a file, which a failed log does not: then its space goes at once.
    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Free(SafeFileHandle file)
    {
        using (file)
        {
            try
            {
                FileCut.To(file, 0);
            }
            catch (IOException)
            {
                // The file has no name any more: closed, it gives back all that is left, at once.
            }
        }
    }

    private string PathOf(string name) => Path.Combine(Location, name);
}
