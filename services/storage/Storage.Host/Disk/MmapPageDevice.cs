using System.ComponentModel;
using System.Runtime.InteropServices;
using Hosting.Files;
using Microsoft.Win32.SafeHandles;
using Storage.Core.Tree;

namespace Storage.Host.Disk;

/// <summary>
/// A data file: read through a map, written by offset. The map is read-only, so a stray write faults instead of corrupting; space is
/// allocated before it is used, so a full disk is an <see cref="IOException"/> here and never a SIGBUS in a reader.
/// </summary>
/// <remarks>
/// <para>
/// Any thread may <see cref="Read"/>; one at a time may write, sync and change the length. The file is mapped extent by extent, each once and
/// for ever, and ahead of the file's end: growing moves nothing. Only bytes inside <see cref="Length"/> are handed out.
/// </para>
/// <para>Dispose it after the last reader: spans point into the map.</para>
/// </remarks>
public sealed unsafe class MmapPageDevice : IPageDevice, IDisposable
{
    /// <summary>128 MiB: a value of 64 MiB and its header stay inside one, and a file of a terabyte needs 8,192 maps.</summary>
    public const int DefaultExtentBytes = 128 * 1024 * 1024;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly WriteOut _writeOut;

    // Addresses by extent; replaced whole when extents are added, before the length that needs them is published.
    private nint[] _extents = [];
    private long _length;

    // The length changed since the last sync: then the file's own metadata has to be synced as well.
    private bool _isLengthChanged;
    private bool _isDisposed;

    private MmapPageDevice(SafeFileHandle file, string path, int extentBytes)
    {
        _file = file;
        _path = path;
        _writeOut = new WriteOut(file);
        ExtentBytes = extentBytes;
        var length = RandomAccess.GetLength(file);
        MapUpTo(length);
        _length = length;
    }

    /// <inheritdoc/>
    public int ExtentBytes { get; }

    /// <inheritdoc/>
    public long Length => Volatile.Read(ref _length);

    /// <summary>Opens or creates a file and locks it against other processes until disposed.</summary>
    /// <param name="path">The file; its directory must exist.</param>
    /// <param name="extentBytes">Unit of mapping: a power of two, and for an existing file a multiple of what it was made with.</param>
    /// <exception cref="IOException">Another process has it open, or it cannot be opened.</exception>
    public static MmapPageDevice Open(string path, int extentBytes = DefaultExtentBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (extentBytes < Environment.SystemPageSize || !int.IsPow2(extentBytes))
            throw new ArgumentOutOfRangeException(nameof(extentBytes), extentBytes, "must be a power of two and a page at least");
        var isNew = !File.Exists(path);
        // FileShare.None takes an exclusive lock, which the system drops when the process ends, however it ends.
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            if (isNew)
                SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return new MmapPageDevice(file, path, extentBytes);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void SetLength(long length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var old = _length;
        if (length > old)
        {
            Allocate(old, length - old);
            MapUpTo(length);
            Volatile.Write(ref _length, length);
        }
        else if (length < old)
        {
            // First nobody may read there, then it may go.
            Volatile.Write(ref _length, length);
            FileCut.To(_file, length);
        }
        _isLengthChanged = true;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Read(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        // The length first: whoever sees it sees the extents that it needs.
        if (offset < 0 || length < 0 || offset > Volatile.Read(ref _length) - length)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{length} bytes from there are not inside the file");
        var within = (int)(offset & (ExtentBytes - 1));
        if (within > ExtentBytes - length)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"from {offset} on that crosses an extent");
        var extents = Volatile.Read(ref _extents);
        return length == 0 ? default : new ReadOnlySpan<byte>((byte*)extents[offset / ExtentBytes] + within, length);
    }

    /// <inheritdoc/>
    public void FetchAhead(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        // A hint: that it cannot be taken shows when the bytes are read.
        if (offset >= 0 && length > 0 && offset < Volatile.Read(ref _length))
            _ = LibC.FAdvise(_file, offset, length, LibC.WillNeed);
    }

    /// <inheritdoc/>
    public bool IsInMemory(long offset, int length)
    {
        const int maxPages = 64;
        // Whoever reads there says what is wrong.
        if (offset < 0 || length <= 0 || offset > Length - length || (offset & (ExtentBytes - 1)) > ExtentBytes - length)
            return true;
        var pageBytes = Environment.SystemPageSize;
        var from = offset - offset % pageBytes;
        var bytes = (int)Math.Min(offset + length - from, maxPages * pageBytes);
        var pages = stackalloc byte[maxPages];
        fixed (byte* at = Read(from, bytes))
        {
            // Where it cannot be known, nothing is gained by fetching ahead of every read.
            if (LibC.MInCore(at, (nuint)bytes, pages) != 0)
                return true;
        }
        return !new ReadOnlySpan<byte>(pages, (bytes + pageBytes - 1) / pageBytes).ContainsAnyInRange((byte)0, (byte)0);
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        // Beyond the end the file would grow sparsely, and a full disk show itself too late.
        if (offset < 0 || offset > _length - data.Length)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{data.Length} bytes from there are not inside the file");
        _writeOut.Write(data, offset);
    }

    /// <inheritdoc/>
    public void Sync()
    {
        int result;
        do
        {
            result = _isLengthChanged ? LibC.FSync(_file) : LibC.FDataSync(_file);
        } while (result != 0 && Marshal.GetLastPInvokeError() == LibC.Interrupted);
        if (result != 0)
            throw Failed($"cannot sync {_path}", Marshal.GetLastPInvokeError());
        _writeOut.Synced();
        _isLengthChanged = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        foreach (var extent in _extents)
            if (LibC.MUnmap(extent, (nuint)ExtentBytes) != 0)
                throw Failed($"cannot unmap {_path}", Marshal.GetLastPInvokeError());
        _extents = [];
        _file.Dispose();
    }

    private void Allocate(long offset, long length)
    {
        int error;
        do
        {
            error = LibC.FAllocate(_file, offset, length);
        } while (error == LibC.Interrupted);
        if (error is LibC.NotSupported or LibC.InvalidArgument)
            WriteZeros(offset, length);
        else if (error != 0)
            throw Failed($"cannot grow {_path} to {offset + length} bytes", error);
    }

    /// <summary>For file systems that cannot preallocate.</summary>
    private void WriteZeros(long offset, long length)
    {
        var zeros = new byte[Math.Min(length, 1024 * 1024)];
        for (var done = 0L; done < length; done += zeros.Length)
            RandomAccess.Write(_file, zeros.AsSpan(0, (int)Math.Min(zeros.Length, length - done)), offset + done);
    }

    private void MapUpTo(long length)
    {
        var needed = (int)((length + ExtentBytes - 1) / ExtentBytes);
        if (needed <= _extents.Length)
            return;
        var extents = _extents;
        Array.Resize(ref extents, needed);
        for (var i = _extents.Length; i < needed; i++)
        {
            var address = LibC.MMap(0, (nuint)ExtentBytes, LibC.ProtRead, LibC.MapShared, _file, (long)i * ExtentBytes);
            if (address == LibC.MapFailed)
                throw Failed($"cannot map {_path}", Marshal.GetLastPInvokeError());
            extents[i] = address;
        }
        Volatile.Write(ref _extents, extents);
    }

    /// <summary>A new file is durable only when its name is.</summary>
    internal static void SyncDirectory(string directory)
    {
        var handle = LibC.Open(directory, LibC.OpenReadOnly | LibC.OpenCloseOnExec);
        if (handle < 0)
            throw Failed($"cannot open {directory}", Marshal.GetLastPInvokeError());
        try
        {
            if (LibC.FSync(handle) != 0)
                throw Failed($"cannot sync {directory}", Marshal.GetLastPInvokeError());
        }
        finally
        {
            _ = LibC.Close(handle);
        }
    }

    private static IOException Failed(string what, int error)
    {
        var cause = new Win32Exception(error);
        return new IOException($"{what}: {cause.Message}", cause);
    }
}
