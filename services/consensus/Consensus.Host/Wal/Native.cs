using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Consensus.Host.Wal;

/// <summary>The system calls that the class library does not offer.</summary>
internal static partial class Native
{
    private const int Interrupted = 4;
    private const int ReadOnlyDirectory = 0x10000 /* O_DIRECTORY */ | 0x80000 /* O_CLOEXEC */;

    /// <summary>Makes the data of a file durable, and of its metadata only what is needed to read them.</summary>
    public static void DataSync(SafeFileHandle file)
    {
        while (fdatasync(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
                throw new IOException($"fdatasync: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }
    }

    /// <summary>Makes the names in a directory durable.</summary>
    public static void DirectorySync(string path)
    {
        using var directory = open(path, ReadOnlyDirectory, 0);
        if (directory.IsInvalid || fsync(directory) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new IOException($"fsync of directory {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags, int mode);
}
