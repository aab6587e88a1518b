import com.mutexgroups.client.MutexGroupsClient;
import com.mutexgroups.client.MutexGroupsException;
import com.mutexgroups.v1.GetMutexGroupRequest;
import com.mutexgroups.v1.MutexGroup;

public class Quickstart {
  public static void main(String[] args) {
    try (MutexGroupsClient client = MutexGroupsClient.connect()) {
      for (MutexGroup group : client.list()) {
        System.out.println(group.getId() + "  " + group.getName());
      }

      GetMutexGroupRequest request =
          GetMutexGroupRequest.newBuilder().setMutexGroupId("1002").build();
      MutexGroup group = client.get(request).getMutexGroup();
      System.out.println(group.getName() + " has " + group.getSlotsCount() + " slots");
    } catch (MutexGroupsException error) {
      System.err.println(error);
      System.exit(1);
    }
  }
}
