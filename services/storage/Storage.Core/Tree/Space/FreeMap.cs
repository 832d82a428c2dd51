using System.Buffers.Binary;
using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree.Space;

/// <summary>
/// The unused pages as they are stored: bitmap pages, each for 32,512 pages (127 MiB) of the file, found through directory pages, found through
/// the meta page. All are copy-on-write like the tree itself, and a commit writes only those that changed.
/// </summary>
internal sealed class FreeMap
{
    private const int WordsPerMap = NodePage.Capacity / sizeof(ulong);
    private const int MapsPerDirectory = NodePage.Capacity / sizeof(long);

    /// <summary>Pages whose bits one map page holds.</summary>
    public const int PagesPerMap = WordsPerMap * 64;

    // Where each is stored; 0: nowhere, as none of its pages was ever unused.
    private long[] _maps = [];
    private long[] _directories = [];

    // Changed since the last seal.
    private bool[] _isMapChanged = [];
    private bool[] _isDirectoryChanged = [];

    public long[] Directories => [.. _directories];

    /// <summary>The bit of this page has changed.</summary>
    public void Touch(long page) => TouchMap((int)(page / PagesPerMap));

    /// <summary>Map and directory pages at or above this page get a new place in the next commit.</summary>
    public void MoveFrom(long page)
    {
        for (var m = 0; m < _maps.Length; m++)
            _isMapChanged[m] |= _maps[m] >= page;
        for (var d = 0; d < _directories.Length; d++)
            _isDirectoryChanged[d] |= _directories[d] >= page;
    }

    /// <summary>The file ends at this page from now on: what only maps pages behind it is given up.</summary>
    public void Cut(PageSpace space, long pageCount)
    {
        var maps = (int)((pageCount + PagesPerMap - 1) / PagesPerMap);
        for (var m = maps; m < _maps.Length; m++)
        {
            if (_maps[m] == 0)
                continue;
            space.FreeLater(_maps[m], 1);
            _isDirectoryChanged[m / MapsPerDirectory] = true;
        }
        if (maps < _maps.Length)
        {
            Array.Resize(ref _maps, maps);
            Array.Resize(ref _isMapChanged, maps);
        }
        var directories = (maps + MapsPerDirectory - 1) / MapsPerDirectory;
        for (var d = directories; d < _directories.Length; d++)
            if (_directories[d] != 0)
                space.FreeLater(_directories[d], 1);
        if (directories < _directories.Length)
        {
            Array.Resize(ref _directories, directories);
            Array.Resize(ref _isDirectoryChanged, directories);
        }
    }

    /// <summary>Reads the stored map; its bits go to <paramref name="onUnused"/>.</summary>
    public static FreeMap Load(DevicePages pages, MetaPage meta, Action<long> onUnused)
    {
        var map = new FreeMap();
        Span<long> numbers = stackalloc long[MapsPerDirectory];
        for (var d = 0; d < meta.Directories.Length; d++)
        {
            var directory = pages.Read(meta.Directories[d], PageType.FreeDirectory, (uint)d, meta.Txn);
            map.EnsureDirectories(d + 1);
            map._directories[d] = meta.Directories[d];
            for (var i = 0; i < MapsPerDirectory; i++)
                numbers[i] = BinaryPrimitives.ReadInt64LittleEndian(directory[(PageFormat.HeaderBytes + sizeof(long) * i)..]);
            pages.FetchAhead(numbers);
            for (var i = 0; i < MapsPerDirectory; i++)
                if (numbers[i] != 0)
                    map.LoadMap(pages, d * MapsPerDirectory + i, numbers[i], meta.Txn, onUnused);
        }
        return map;
    }

    /// <summary>
    /// Moves every changed map and directory page to a new place and adds its content to the commit. Moving changes bits itself, so this goes
    /// on until nothing unmoved is left; each page moves once at most, so it ends.
    /// </summary>
    public void Seal(PageSpace space, long txn, PageBufferPool pool, List<PageBuffer> commit)
    {
        var movedMaps = new HashSet<int>();
        var movedDirectories = new HashSet<int>();
        bool moved;
        do
        {
            moved = false;
            for (var m = 0; m < _maps.Length; m++)
            {
                if (!_isMapChanged[m] || !movedMaps.Add(m))
                    continue;
                var page = Move(space, _maps[m]);
                _maps[m] = page;
                EnsureDirectories(m / MapsPerDirectory + 1);
                _isDirectoryChanged[m / MapsPerDirectory] = true;
                moved = true;
            }
            for (var d = 0; d < _directories.Length; d++)
            {
                if (!_isDirectoryChanged[d] || !movedDirectories.Add(d))
                    continue;
                var page = Move(space, _directories[d]);
                _directories[d] = page;
                moved = true;
            }
        } while (moved);

        // Only now do the bits hold still.
        foreach (var m in movedMaps)
            commit.Add(MapContent(space, m, txn, pool.Rent()));
        foreach (var d in movedDirectories)
            commit.Add(DirectoryContent(d, txn, pool.Rent()));
        Array.Clear(_isMapChanged);
        Array.Clear(_isDirectoryChanged);
    }

    private static long Move(PageSpace space, long page)
    {
        if (page != 0)
            space.FreeLater(page, 1);
        return space.Allocate();
    }

    private PageBuffer MapContent(PageSpace space, int map, long txn, PageBuffer buffer)
    {
        Format(buffer, PageType.FreeMap, _maps[map], txn, (uint)map);
        for (var i = 0; i < WordsPerMap; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(
                buffer.Bytes.AsSpan(PageFormat.HeaderBytes + sizeof(ulong) * i), space.UnusedWord(map * WordsPerMap + i));
        return buffer;
    }

    private PageBuffer DirectoryContent(int directory, long txn, PageBuffer buffer)
    {
        Format(buffer, PageType.FreeDirectory, _directories[directory], txn, (uint)directory);
        var maps = _maps.AsSpan(directory * MapsPerDirectory);
        for (var i = 0; i < Math.Min(maps.Length, MapsPerDirectory); i++)
            BinaryPrimitives.WriteInt64LittleEndian(buffer.Bytes.AsSpan(PageFormat.HeaderBytes + sizeof(long) * i), maps[i]);
        return buffer;
    }

    private static void Format(PageBuffer buffer, PageType type, long page, long txn, uint index)
    {
        Array.Clear(buffer.Bytes);
        buffer.Page = page;
        buffer.IsSealed = true;
        PageFormat.SetType(buffer.Bytes, type);
        PageFormat.SetOwner(buffer.Bytes, page, txn);
        PageFormat.SetExtra(buffer.Bytes, index);
    }

    private void LoadMap(DevicePages pages, int index, long page, long txn, Action<long> onUnused)
    {
        EnsureMaps(index + 1);
        _maps[index] = page;
        var bits = pages.Read(page, PageType.FreeMap, (uint)index, txn)[PageFormat.HeaderBytes..];
        for (var i = 0; i < WordsPerMap; i++)
        {
            var first = (long)index * PagesPerMap + 64L * i;
            for (var word = BinaryPrimitives.ReadUInt64LittleEndian(bits[(sizeof(ulong) * i)..]); word != 0; word &= word - 1)
                onUnused(first + System.Numerics.BitOperations.TrailingZeroCount(word));
        }
    }

    private void TouchMap(int map)
    {
        EnsureMaps(map + 1);
        _isMapChanged[map] = true;
    }

    private void EnsureMaps(int count)
    {
        if (_maps.Length >= count)
            return;
        Array.Resize(ref _maps, count);
        Array.Resize(ref _isMapChanged, count);
    }

    private void EnsureDirectories(int count)
    {
        Invariant.Holds(count <= MetaPage.MaxDirectories);
        if (_directories.Length >= count)
            return;
        Array.Resize(ref _directories, count);
        Array.Resize(ref _isDirectoryChanged, count);
    }
}
