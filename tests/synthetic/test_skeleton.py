import numpy as np
import sleap_io as sio

from antpipe.synthetic.skeleton import ANT_SKELETON, FEET, KNEES, LEG_PARENTS, LEGS, MEAN_POSE, NODES, POSE_SPREAD

DOCUMENTED_NODES = (
    "Head Neck UpperThorax LowerThorax Petiole Abdomen LForeLeg LForeFoot RForeLeg RForeFoot LMidLeg LMidFoot "
    "RMidLeg RMidFoot LHindLeg LHindFoot RHindLeg RHindFoot"
)
DOCUMENTED_CHAINS = (
    "Head-Neck-UpperThorax-LowerThorax-Petiole-Abdomen",
    "UpperThorax-LForeLeg-LForeFoot",
    "UpperThorax-RForeLeg-RForeFoot",
    "LowerThorax-LMidLeg-LMidFoot",
    "LowerThorax-RMidLeg-RMidFoot",
    "Petiole-LHindLeg-LHindFoot",
    "Petiole-RHindLeg-RHindFoot",
)


def test_nodes_and_edges_are_the_documented_ones():
    edges = {edge for chain in DOCUMENTED_CHAINS for edge in zip(chain.split("-"), chain.split("-")[1:], strict=False)}
    assert list(ANT_SKELETON.nodes) == DOCUMENTED_NODES.split()
    assert set(ANT_SKELETON.edges) == edges
    assert len(ANT_SKELETON.edges) == 17


def test_skeleton_is_a_tree_with_one_root():
    children = [child for _, child in ANT_SKELETON.edges]
    assert len(children) == len(set(children))
    assert set(NODES) - set(children) == {"Head"}


def test_legs_hang_where_the_edges_say():
    for leg, parent, knee, foot in zip(LEGS, LEG_PARENTS, KNEES, FEET, strict=True):
        assert (NODES[knee], NODES[foot]) == (leg + "Leg", leg + "Foot")
        assert (NODES[parent], NODES[knee]) in ANT_SKELETON.edges


def test_mean_pose_is_mirrored_by_the_symmetries():
    order = ANT_SKELETON.flip_order()
    assert len(ANT_SKELETON.symmetries) == 6
    np.testing.assert_allclose(MEAN_POSE[order], MEAN_POSE * [1, -1])
    np.testing.assert_allclose(POSE_SPREAD[order], POSE_SPREAD)
    assert (MEAN_POSE[[NODES.index("RMidFoot")], 1] > 0).all()


def test_same_skeleton_as_the_labelled_data(shared_data):
    real = sio.load_slp(str(shared_data / "ants_labels/datasets/main.v001.slp"), open_videos=False).skeletons[0]
    assert set(real.node_names) == set(NODES)
    assert {(e.source.name, e.destination.name) for e in real.edges} == set(ANT_SKELETON.edges)
    pairs = {frozenset(n.name for n in s.nodes) for s in real.symmetries}
    assert pairs == {frozenset(pair) for pair in ANT_SKELETON.symmetries}
