namespace Storage.Core.Tree;

/// <summary>Table after table, leaf after leaf. Each step reads a commit of its own, so that the scan as a whole holds no pages back.</summary>
internal sealed class TailScan(CopyOnWriteTree tree, long end) : ITailScan
{
    private int _table;

    // The key to go on at; empty: the table's first.
    private byte[] _from = [];

    public long End => end;

    public bool IsDone => _table >= Pages.MetaPage.MaxTables;

    public void Step(int maxPages, ICollection<LeafPlace> found)
    {
        using var snapshot = (TreeSnapshot)tree.OpenSnapshot();
        var left = maxPages;
        while (!IsDone && left > 0)
        {
            var table = new TableId((byte)_table);
            var root = snapshot.RootOf(table);
            if (root != 0 && !IsTableDone(new LeafWalk(snapshot, root, table, _from, end), table, ref left, found))
                return;
            _table++;
            _from = [];
        }
    }

    private bool IsTableDone(LeafWalk walk, TableId table, ref int left, ICollection<LeafPlace> found)
    {
        do
        {
            if (left <= 0)
            {
                _from = walk.FirstKey.ToArray();
                return false;
            }
            left -= walk.Entered;
            if (walk.ReachesTo > end)
                found.Add(new LeafPlace(table, walk.FirstKey.ToArray()));
        } while (walk.MoveNext());
        return true;
    }
}
