//! Policy of products: who sees a product and may buy it.

use crate::products::ProductStatus;

/// Returns whether the viewer sees a product. Only admins see a private one: for others its page and its checkout are 404.
pub fn can_see(is_admin: bool, status: ProductStatus) -> bool {
    is_admin || status == ProductStatus::Public
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(false, ProductStatus::Public, true)]
    #[case(false, ProductStatus::Private, false)]
    #[case(true, ProductStatus::Public, true)]
    #[case(true, ProductStatus::Private, true)]
    fn who_sees_a_product(#[case] is_admin: bool, #[case] status: ProductStatus, #[case] sees: bool) {
        assert_eq!(can_see(is_admin, status), sees);
    }
}
