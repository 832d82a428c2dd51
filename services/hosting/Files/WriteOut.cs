using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hosting.Files;

/// <summary>
/// Sends what is written into a file to the disk piece by piece, with two of them under way at most, instead of all at once when the file is synced: what other files
/// sync meanwhile, the log before all, waits for two pieces and not for all of it. Makes nothing durable.
/// </summary>
/// <remarks>For the one thread that writes the file. Linux; where the system has no such call, nothing is sent early.</remarks>
public sealed partial class WriteOut(SafeFileHandle file)
{
    /// <summary>256 KiB: a disk of 1 GB/s is busy with it for a quarter of a millisecond.</summary>
    public const int PieceBytes = 256 * 1024;

    private const uint WaitBefore = 1, Start = 2, WaitAfter = 4;
    private const int NoSuchCall = 38, NotSupported = 95;

    // From the first to the last byte of the piece that fills up, and how many of them were written.
    private long _from, _end;
    private int _bytes;

    // The piece that the disk is busy with.
    private long _sentFrom, _sentBytes;
    private bool _isUnavailable;

    /// <summary>Writes and, whenever a piece is full, sends it.</summary>
    /// <exception cref="IOException">The disk failed: what was written may be lost, as after a failed sync.</exception>
    public void Write(ReadOnlySpan<byte> data, long offset)
    {
        while (data.Length > 0)
        {
            var part = data[..Math.Min(data.Length, PieceBytes)];
            RandomAccess.Write(file, part, offset);
            Wrote(offset, part.Length);
            data = data[part.Length..];
            offset += part.Length;
        }
    }

    /// <summary>The file was synced: nothing is left to be sent.</summary>
    public void Synced() => (_bytes, _sentBytes) = (0, 0);

    private void Wrote(long offset, int bytes)
    {
        (_from, _end) = _bytes == 0 ? (offset, offset + bytes) : (Math.Min(_from, offset), Math.Max(_end, offset + bytes));
        _bytes += bytes;
        if (_bytes < PieceBytes)
            return;
        // Of what lies in between only what was written is sent.
        Call(_from, _end - _from, Start);
        if (_sentBytes > 0)
            Call(_sentFrom, _sentBytes, WaitBefore | Start | WaitAfter);
        (_sentFrom, _sentBytes, _bytes) = (_from, _end - _from, 0);
    }

    private void Call(long offset, long bytes, uint flags)
    {
        if (_isUnavailable || sync_file_range(file, offset, bytes, flags) == 0)
            return;
        var error = Marshal.GetLastPInvokeError();
        _isUnavailable = error is NoSuchCall or NotSupported;
        // The system tells of a failed write once only: a sync that comes later would not hear of it.
        if (!_isUnavailable)
            throw new IOException($"sync_file_range: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sync_file_range(SafeFileHandle file, long offset, long bytes, uint flags);
}
