using System.Runtime.InteropServices;

namespace Storage.Host.Disk;

/// <summary>The calls of the C library that .NET does not offer. Linux.</summary>
internal static partial class LibC
{
    public const int ProtRead = 1;
    public const int MapShared = 1;
    public const int WillNeed = 3;
    public const int OpenReadOnly = 0;
    public const int OpenCloseOnExec = 0x80000;

    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int InvalidArgument = 22;
    public const int NotSupported = 95;

    public static readonly nint MapFailed = -1;

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int FDataSync(SafeHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int FSync(SafeHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int FSync(int file);

    /// <summary>Returns the error number; does not set errno.</summary>
    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    public static partial int FAllocate(SafeHandle file, long offset, long length);

    /// <summary>Returns the error number; does not set errno.</summary>
    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    public static partial int FAdvise(SafeHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint MMap(nint address, nuint length, int protection, int flags, SafeHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "mincore", SetLastError = true)]
    public static unsafe partial int MInCore(byte* address, nuint length, byte* pages);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int MUnmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int file);
}
