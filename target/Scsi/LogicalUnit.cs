using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Scsi;

internal sealed class LogicalUnit(Store store)
{
    public Store Store => store;
}
