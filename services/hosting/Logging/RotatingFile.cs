using System.Globalization;
using System.IO.Compression;

namespace Hosting.Logging;

/// <summary>
/// A log file that is begun anew when it is full; the one before gets the time into its name: <c>etcd-2026-11-28T22-10-05.123.log</c>. For one writer at a time, whose writes are whole
/// lines.
/// </summary>
internal sealed class RotatingFile : Stream
{
    private const int DefaultMegabytes = 100;
    private const string TimeFormat = "yyyy-MM-dd'T'HH-mm-ss.fff";

    private readonly string _path;
    private readonly RotationSettings _settings;
    private readonly Func<FileStream> _open;
    private readonly TimeProvider _time;
    private readonly long _maxBytes;
    private FileStream _file;

    public RotatingFile(string path, RotationSettings settings, Func<FileStream> open, TimeProvider time)
    {
        (_path, _settings, _open, _time) = (Path.GetFullPath(path), settings, open, time);
        _maxBytes = 1024L * 1024 * (settings.MaxSizeMegabytes > 0 ? settings.MaxSizeMegabytes : DefaultMegabytes);
        _file = open();
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_file.Length > 0 && _file.Length + buffer.Length > _maxBytes)
            Rotate();
        _file.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => _file.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _file.Dispose();
        base.Dispose(disposing);
    }

    private (string Folder, string Start, string End) Parts() => (
        Path.GetDirectoryName(_path)!, Path.GetFileNameWithoutExtension(_path) + "-", Path.GetExtension(_path));

    private void Rotate()
    {
        var (folder, start, end) = Parts();
        var now = _settings.LocalTime ? _time.GetLocalNow() : _time.GetUtcNow();
        var old = Path.Combine(folder, start + now.ToString(TimeFormat, CultureInfo.InvariantCulture) + end);
        _file.Dispose();
        File.Move(_path, old, overwrite: true);
        _file = _open();
        if (_settings.Compress)
            Compress(old);
        RemoveOld(folder, start, end, now);
    }

    private static void Compress(string path)
    {
        using (var source = File.OpenRead(path))
        using (var target = new GZipStream(File.Create(path + ".gz"), CompressionLevel.Fastest))
            source.CopyTo(target);
        File.Delete(path);
    }

    private void RemoveOld(string folder, string start, string end, DateTimeOffset now)
    {
        // The newest first; only what has a time in its name is ours.
        var old = Directory.EnumerateFiles(folder, start + "*")
            .Select(path => (Path: path, At: TimeOf(Path.GetFileName(path), start, end)))
            .Where(static file => file.At is not null)
            .OrderByDescending(static file => file.At)
            .ToList();
        for (var i = 0; i < old.Count; i++)
        {
            var isOneTooMany = _settings.MaxBackups > 0 && i >= _settings.MaxBackups;
            var isTooOld = _settings.MaxAgeDays > 0 && old[i].At < now.DateTime.AddDays(-_settings.MaxAgeDays);
            if (isOneTooMany || isTooOld)
                File.Delete(old[i].Path);
        }
    }

    private static DateTime? TimeOf(string name, string start, string end)
    {
        name = name.EndsWith(".gz", StringComparison.Ordinal) ? name[..^3] : name;
        return name.Length > start.Length + end.Length && name.EndsWith(end, StringComparison.Ordinal)
            && DateTime.TryParseExact(name[start.Length..^end.Length], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)
            ? at
            : null;
    }
}
